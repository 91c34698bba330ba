#include "fault-injection/defective-hosts/parts.h"

namespace touchstone::defective {

std::vector<Defect> ContextDefects() { return {}; }

}  // namespace touchstone::defective
