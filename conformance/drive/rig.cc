#include "conformance/drive/rig.h"

#include <fmt/format.h>

#include <random>

namespace touchstone {

tl::expected<std::unique_ptr<Rig>, std::string> MakeRig(Profile profile,
                                                        std::filesystem::path scratch,
                                                        std::uint64_t seed) {
  auto rig = std::make_unique<Rig>();
  rig->profile = std::move(profile);
  rig->scratch = std::move(scratch);
  rig->seed = seed;
  std::mt19937_64 random(seed);
  rig->key = fmt::format("sk-touchstone-{:016x}{:016x}", random(), random());
  auto server = provider::Server::Start({});
  if (!server) return tl::unexpected("the mock provider cannot start: " + server.error());
  rig->provider = std::move(*server);
  return rig;
}

}  // namespace touchstone
