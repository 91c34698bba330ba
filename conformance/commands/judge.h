// Plays a plan at a host and makes the report: what `run` and `gate` share.
#pragma once

#include "conformance/commands/session.h"

namespace touchstone {

// Makes the report folder, if one was asked for, and sees that it can be written: before the run,
// not after.
std::optional<CommandError> PrepareReportDir(const Options& options);

// Plays all that the options select, and `more`; the report's results are complete, or `stop` was
// requested.
tl::expected<Report, CommandError> JudgeHost(const Options& options, const Suite& suite,
                                             Session& session, std::stop_token stop,
                                             std::vector<Job> more = {});

// Prints the summary, writes the report folder when one was asked for, and returns the exit status.
int Conclude(const Options& options, Report& report, std::stop_token stop);

}  // namespace touchstone
