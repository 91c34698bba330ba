// The vocabulary of case files: which steps there are, what each takes, and which keys may go with
// it. The loader refuses everything else; the runner plays what is left.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace touchstone {

struct StepKind {
  std::string_view name;
  std::optional<std::string> (*check)(const boost::json::value& argument);  // what is wrong with it
  std::vector<std::string_view> modifiers;  // besides those of every step
};

std::span<const StepKind> StepKinds();
const StepKind* FindStepKind(std::string_view name);

// What is wrong with one modifier's value; nothing when it is sound or not known to be a modifier.
std::optional<std::string> CheckModifier(std::string_view name, const boost::json::value& value);
bool IsModifierOfEveryStep(std::string_view name);

// The bytes of a `send_raw` argument: a string, {"base64":…}, {"repeat":…,"times":N}, or a list of
// such. The argument has been checked.
std::string RawBytes(const boost::json::value& argument);

}  // namespace touchstone
