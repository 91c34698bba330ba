// How fast a host is beside another on the same machine, as ratios of interleaved rounds: what
// differs between machines, and what else the machine does meanwhile, meets both.
//
// Plays at the host with no other play beside it: it measures time.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "conformance/bench/benchmark.h"
#include "conformance/bench/contender.h"
#include "conformance/drive/rig.h"

namespace touchstone {

struct HostBenchmarkOptions {
  int rounds = 7;  // 5 at least: with fewer, two reports cannot be told apart (Compare)
  std::chrono::milliseconds budget{100};  // of one measure of one contender in one round
  bool pin = true;                        // to cores (cores.h)
  bool absolute = false;                  // also the plain times, which no other machine shares
  std::vector<Peer> peers;                // to compare with as well
  std::string only;                       // a part of the names of the measures; empty: all
  std::function<void(const std::string&)> progress;  // "S ping, round 3 of 7"
};

// "S ping against refhost" (unit "ratio"), … for each measure and the reference and each peer, and
// with `absolute` "S ping" and "S ping of refhost". `reference` is a profile that starts the other
// host, in a rig of its own. What could not be measured says why in its not_measured.
std::vector<Benchmark> RunHostBenchmarks(Rig& rig, const Profile& reference,
                                         const HostBenchmarkOptions& options, std::stop_token stop);

}  // namespace touchstone
