// The requirements of the contract, as data: golden/contract/requirements.json. Reports, coverage
// and the reference pages all come from here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "conformance/contract/mode.h"

namespace touchstone {

struct Requirement {
  std::string id;         // "FRAME-01"
  std::string level;      // MUST or SHOULD
  std::string milestone;  // M1, M2, M3
  std::vector<Mode> modes;
  std::string capability;  // empty: every host
  std::string condition;   // PROV: what the provider does
  std::string text;
  std::string section;  // of the contract

  std::string area() const { return id.substr(0, id.find('-')); }
};

struct Area {
  std::string id, title, section;
};

class Catalogue {
 public:
  static tl::expected<Catalogue, std::string> Load(const std::filesystem::path& file);

  const std::vector<Area>& areas() const { return areas_; }
  const std::vector<Requirement>& requirements() const { return requirements_; }
  const Requirement* Find(std::string_view id) const;

 private:
  std::vector<Area> areas_;
  std::vector<Requirement> requirements_;  // in the contract's order
};

}  // namespace touchstone
