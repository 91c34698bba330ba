// No process is left behind, whatever kills the judge.
//
// The program splits in two before any thread starts: the warden (the process that the user
// started, and that he would kill) and the judge (its child, which does the work). Both are
// subreapers. When the judge ends, for whatever reason, all that it had started becomes the
// warden's children; the warden kills them, reaps them, and exits as the judge did. When the warden
// is killed, the judge gets SIGTERM and cleans up by itself. Hosts die with the judge (see
// child_process.h), so even both killed at once leave nothing.
#pragma once

#include <filesystem>

namespace touchstone {

// A new private folder below TMPDIR (or /tmp); empty when it cannot be made (errno says why).
std::filesystem::path MakeScratchFolder();

// Returns in the judge only. The warden never returns from it: when the judge has ended it kills
// what is left, removes the scratch folder, and exits with the judge's status, or 128 + N when the
// judge died by signal N. Must be called from main() while the process has one thread.
void SplitOffWarden(const std::filesystem::path& scratch);

// Kills and reaps every descendant of this process. For the end of a program: it takes them all,
// whoever started them. Returns how many it killed.
int KillDescendants();

}  // namespace touchstone
