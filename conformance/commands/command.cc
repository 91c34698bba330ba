#include "conformance/commands/command.h"

#include <algorithm>
#include <tuple>

namespace touchstone {
namespace {

std::vector<RegisteredCommand>& Registry() {
  static std::vector<RegisteredCommand> registry;
  return registry;
}

}  // namespace

const std::vector<RegisteredCommand>& Commands() { return Registry(); }

void RegisterCommand(CommandInfo info, std::unique_ptr<Command> command) {
  auto& registry = Registry();
  const auto before = [](const RegisteredCommand& a, const RegisteredCommand& b) {
    return std::tie(a.info.group, a.info.name) < std::tie(b.info.group, b.info.name);
  };
  RegisteredCommand added{std::move(info), std::move(command)};
  const auto at = std::ranges::upper_bound(registry, added, before);
  registry.insert(at, std::move(added));
}

}  // namespace touchstone
