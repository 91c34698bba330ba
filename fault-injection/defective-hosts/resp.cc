#include "fault-injection/defective-hosts/areas.h"
#include "fault-injection/defective-hosts/tampering.h"

namespace touchstone::defective {

std::vector<Defect> RespDefects() {
  return {
      {"tokens-off-by-one", "RESP-05", Subtlety::kBlatant,
       "total_tokens is one more than the sum of the other two.",
       [] {
         return Responses(Of("final", "OK"), Change("usage.total_tokens", [](auto& value) {
                            if (value.is_int64()) value = value.get_int64() + 1;
                          }));
       }},
  };
}

}  // namespace touchstone::defective
