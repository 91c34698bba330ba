// The parts of the REQ table.
#pragma once

#include <vector>

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone::defective {

std::vector<Defect> ReqIdDefects();  // ids, refusals and their effects: REQ-09 … -13

}  // namespace touchstone::defective
