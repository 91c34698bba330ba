// What keeps a record in bounded memory while it is read. Private to this folder.
#pragma once

#include <cstddef>
#include <vector>

#include "soak/stats/histogram.h"
#include "soak/summary/summary.h"

namespace touchstone::soak {

// Keeps every n-th sample; n doubles when there are too many.
class SampleThinner {
 public:
  explicit SampleThinner(std::size_t most) : most_(most) {}
  void Add(const Sample& sample);
  std::vector<Sample> Take() { return std::move(samples_); }

 private:
  const std::size_t most_;
  std::size_t every_ = 1, seen_ = 0;
  std::vector<Sample> samples_;
};

// Joins each window with its neighbour when there are too many. The percentiles of the joined ones
// are true: the histograms are kept.
class WindowThinner {
 public:
  explicit WindowThinner(std::size_t most) : most_(most) {}
  void Add(Window window, LatencyHistogram latencies);
  std::vector<Window> Take();

 private:
  struct Kept {
    Window window;
    LatencyHistogram latencies;
    std::size_t joined = 1;  // windows as they came
  };
  const std::size_t most_;
  std::size_t every_ = 1;
  std::vector<Kept> kept_;
};

// Of each group of neighbours the one with the highest RSS; groups of the same size, at most
// `most`.
std::vector<Sample> Peaks(const std::vector<Sample>& samples, std::size_t most);

}  // namespace touchstone::soak
