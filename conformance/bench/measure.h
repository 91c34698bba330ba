// What is measured of a contender: one number a round, from as many requests as fit into the
// round's budget of time.
//
// For one thread.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "conformance/bench/benchmark.h"
#include "conformance/bench/contender.h"

namespace touchstone {

// A measurement under way at one contender. Keeps its process from round to round, where there is
// one.
class Gauge {
 public:
  virtual ~Gauge() = default;
  // The round's number, in the measure's unit; an error says what the contender did wrong.
  virtual tl::expected<double, std::string> Round(std::chrono::milliseconds budget) = 0;
};

struct MeasuredWith {
  Contender& contender;
  const Cores& cores;
  std::stop_token stop;
};

struct Measure {
  std::string_view name, unit, about;
  Better better;
  Mode mode;
  Answers answers;
  StateDir state;
  // The contender is prepared already.
  std::unique_ptr<Gauge> (*begin)(const Measure& measure, MeasuredWith with);
};

// All there are: S ping, S run, S run with a provider, S runs a second, O run on an existing and on
// a fresh state directory.
std::span<const Measure> Measures();

}  // namespace touchstone
