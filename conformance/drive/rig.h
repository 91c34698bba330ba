// What all plays of one run share: the host's profile, the judge's I/O thread, the mock provider, a
// scratch folder, the provider key of this run, and what was measured of the host before the first
// play.
//
// Built once; after that every member is safe for any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "conformance/drive/patience.h"
#include "conformance/process/io_thread.h"
#include "conformance/process/lag_gauge.h"
#include "conformance/profile/profile.h"
#include "fault-injection/provider/server.h"

namespace touchstone {

struct Rig {
  Profile profile;
  std::filesystem::path scratch;  // plays make their folders here; the warden removes it
  std::filesystem::path golden;   // the data of golden/; empty: there is none
  std::uint64_t seed = 1;
  std::string key;  // the canary: a provider key that occurs nowhere else
  std::string model = "mock-model";
  std::chrono::milliseconds startup{0};  // of a one-shot, from spawn to answer: RunPreflight()
  Patience patience;

  std::unique_ptr<provider::Server> provider;
  LagGauge lag;
  std::atomic<int> next_play{1};  // a play's number; of two rigs at a time, start one higher
  IoThread io;  // last: stopped first, when no play is left
};

// A rig with a running provider. Fails with a message for a person.
tl::expected<std::unique_ptr<Rig>, std::string> MakeRig(Profile profile,
                                                        std::filesystem::path scratch,
                                                        std::uint64_t seed);

}  // namespace touchstone
