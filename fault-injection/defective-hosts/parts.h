// Parts of areas whose table would be too long for one file: the area's function takes them in.
#pragma once

#include <vector>

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone::defective {

std::vector<Defect> CloseDefects();         // of CTRL: session_close
std::vector<Defect> ReplayDefects();        // of IDEM: what is replayed, and for how long
std::vector<Defect> OtherProcessDefects();  // of IDEM: pairs that run in another process
std::vector<Defect> ContextDefects();       // of SESS: what the provider is shown
std::vector<Defect> EnvelopeDefects();      // of SESS: what inspect shows of events
std::vector<Defect> RetryDefects();         // of PROV: what is tried again, and when
std::vector<Defect> AnswerDefects();        // of PROV: what becomes of the answer's text
std::vector<Defect> StateDefects();         // of CRASH: a state directory in trouble, or swapped

}  // namespace touchstone::defective
