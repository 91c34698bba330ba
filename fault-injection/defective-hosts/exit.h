// The parts of the EXIT table.
#pragma once

#include <vector>

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone::defective {

std::vector<Defect> SelfTestDefects();  // EXIT-05, -06, -08

}  // namespace touchstone::defective
