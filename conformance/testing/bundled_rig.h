// A rig for tests with real hosts: refhost as it is, or behind the shim that breaks one thing. For
// tests that link to conformance_selftest and are built after refhost and defective-host.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "conformance/drive/rig.h"
#include "conformance/profile/profile.h"
#include "conformance/selftest/selftest.h"

namespace touchstone::testing {

// No defect: without the shim. Nullptr, and a failed test, when the profile cannot be read.
inline std::unique_ptr<Rig> BundledRig(const std::string& defect,
                                       const std::filesystem::path& scratch) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::signal(SIGPIPE, SIG_IGN);
  const std::filesystem::path source = TOUCHSTONE_SOURCE_DIR, bin = TOUCHSTONE_BINARY_DIR;
  auto profile = LoadProfile(source / "conformance/profiles/refhost.json", bin);
  if (!profile) {
    ADD_FAILURE() << profile.error();
    return nullptr;
  }
  if (!defect.empty()) *profile = BehindShim(*profile, (bin / "defective-host").string(), defect);
  auto rig = MakeRig(std::move(*profile), scratch, 1);
  if (!rig) {
    ADD_FAILURE() << rig.error();
    return nullptr;
  }
  (*rig)->golden = source / "golden";
  return std::move(*rig);
}

}  // namespace touchstone::testing
