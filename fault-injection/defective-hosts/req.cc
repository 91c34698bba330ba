#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {

std::vector<Defect> ReqDefects() { return {}; }

}  // namespace touchstone::defective
