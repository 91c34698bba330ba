// One load with a progress line: what `soak` and `gate` share.
#pragma once

#include "conformance/commands/session.h"
#include "conformance/load/load.h"

namespace touchstone {

LoadResult RunLoadWithProgress(const Options& options, int requests, Rig& rig, Mode mode,
                               std::stop_token stop);

}  // namespace touchstone
