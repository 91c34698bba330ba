// The rules of a lane with their counts: which one answers a call, or which one nearly did. Not
// thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fault-injection/provider/request.h"
#include "fault-injection/provider/rule.h"

namespace touchstone::provider {

struct Choice {
  int rule = -1;                           // index; -1: none matches
  std::shared_ptr<const Respond> respond;  // null when none matches
  std::string near_miss;                   // when none matches: the nearest rule and why not
};

class RuleBook {
 public:
  explicit RuleBook(std::vector<Rule> rules);

  // The first rule that matches; it has then served one call more.
  Choice Take(const Request& request);

 private:
  struct Entry {
    std::shared_ptr<const Rule> rule;
    int served = 0;
  };
  std::vector<Entry> entries_;
};

}  // namespace touchstone::provider
