// What the model hears: a line of the host, a call of the provider.
//
// Pure functions; any thread may call.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "conformance/drive/host_process.h"
#include "conformance/fuzz/model/model.h"
#include "fault-injection/provider/journal.h"

namespace touchstone::model {

// Nothing: no line that the contract knows; whoever judges the shapes has said so.
std::optional<Word> ReadWord(const Line& line);

// The run of a call, and the runs of the turns that it shows. -1: none of ours; also for a turn
// whose answer is not its prompt's.
std::pair<int, std::vector<int>> ReadCall(const provider::Call& call);

}  // namespace touchstone::model
