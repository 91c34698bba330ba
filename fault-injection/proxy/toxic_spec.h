// A toxic as the API knows it, and the list of them that a connection goes by.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fault-injection/proxy/toxic.h"

namespace touchstone::proxy {

enum class Stream { kUpstream, kDownstream };  // from client to upstream; back

inline const char* StreamName(Stream stream) {
  return stream == Stream::kUpstream ? "upstream" : "downstream";
}

struct ToxicSpec {
  std::string name;
  const ToxicType* type = nullptr;
  Stream stream = Stream::kDownstream;
  double toxicity = 1;
  boost::json::object attributes;
  std::uint64_t id = 0;        // kept when the toxic is changed
  std::uint64_t revision = 0;  // not
};

// Immutable once it is shared; a change makes a new one.
struct ToxicList {
  std::uint64_t version = 0;
  std::vector<ToxicSpec> toxics;
};
using ToxicListPtr = std::shared_ptr<const ToxicList>;

}  // namespace touchstone::proxy
