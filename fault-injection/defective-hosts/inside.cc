#include "fault-injection/defective-hosts/inside.h"

#include <filesystem>

namespace touchstone::defective {

void Preload(Launch& launch, const std::string& inside) {
  const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  launch.environment["LD_PRELOAD"] = (beside / "libinside.so").string();
  launch.environment["TOUCHSTONE_INSIDE"] = inside;
}

}  // namespace touchstone::defective
