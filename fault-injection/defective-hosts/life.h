// The parts of the LIFE table.
#pragma once

#include <vector>

#include "fault-injection/defective-hosts/defect.h"

namespace touchstone::defective {

std::vector<Defect> ShutdownDefects();  // SIGTERM and what is left after the end: LIFE-07, -08

}  // namespace touchstone::defective
