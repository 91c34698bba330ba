// Where in a JSON text its values are, for messages that name a line. Boost.JSON does not tell.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace touchstone::soak {

class JsonPlaces {
 public:
  // The text is JSON that was parsed before; of other text the places are meaningless.
  explicit JsonPlaces(std::string_view text);

  // The line, 1 is the first, of the member or element at this path ("chaos[1].every_s"); that of
  // the nearest thing around it when there is none.
  int LineOf(std::string path) const;
  // The path of the first member whose key the same object has already.
  const std::optional<std::string>& repeated() const { return repeated_; }

 private:
  std::unordered_map<std::string, int> lines_;
  std::optional<std::string> repeated_;
  friend class PlaceScanner;
};

}  // namespace touchstone::soak
