// The table of toxics, and the reading of their attributes.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "fault-injection/proxy/toxic.h"

namespace touchstone::proxy {

const std::vector<const ToxicType*>& ToxicTypes();
const ToxicType* FindToxicType(std::string_view name);  // null: none
std::string ToxicTypeNames();                           // "latency, bandwidth, …"

// `given` over `base`, with defaults. The error names the attribute and says what is allowed.
tl::expected<boost::json::object, std::string> ReadAttributes(const ToxicType& type,
                                                              const boost::json::value& given,
                                                              const boost::json::object& base);

// The Markdown reference of all toxics, for docs/proxy.md.
std::string RenderToxics();

}  // namespace touchstone::proxy
