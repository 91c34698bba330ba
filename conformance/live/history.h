// What a soak has recorded so far, thinned out, for a browser that comes late: bounded however long
// the soak goes on. Takes the lines of soak.jsonl (soak/record/record.h) and gives back fewer such
// lines, which draw the same picture.
//
// Of samples every second is dropped when there are too many; two windows are joined into one:
// counts add up, and of the latencies the worse stays. Not thread-safe.
#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone::live {

class History {
 public:
  // A line that is no JSON object, or of a kind that is not known, is not kept.
  void Add(std::string_view line);
  // In an order in which they can be replayed; without LF.
  std::vector<std::string> Lines() const;

  static constexpr std::size_t kMostSamples = 600, kMostWindows = 600;  // of each host
  static constexpr std::size_t kMostSegments = 200, kMostMarks = 400, kMostFailures = 100;
  static constexpr std::size_t kMostBytes = 16384;  // of a line: a longer one is not kept

 private:
  struct Samples {
    std::vector<std::string> lines;
    std::size_t every = 1, seen = 0;
  };
  void AddSample(Samples& samples, std::string_view line);
  void AddWindow(std::vector<boost::json::object>& windows, boost::json::object window);

  std::string soak_, end_;
  std::vector<std::string> segments_;
  std::deque<std::string> marks_, failures_;
  std::map<std::string, Samples> samples_;                           // by who
  std::map<std::string, std::vector<boost::json::object>> windows_;  // by who
};

}  // namespace touchstone::live
