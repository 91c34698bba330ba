// Proxies and toxics as the API's JSON says them, read strictly.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "fault-injection/proxy/toxic_spec.h"

namespace touchstone::proxy {

// What the API answers instead of doing it.
struct ApiError {
  std::string message;
  int status = 400;
};
template <typename T>
using Result = tl::expected<T, ApiError>;

struct Address {
  std::string host, port;
  std::string Text() const;
};

// "host:port", "[::1]:port", ":port" (loopback). A port of 0 only where `any_port`.
tl::expected<Address, std::string> ParseAddress(std::string_view text, bool any_port);

struct ProxyConfig {
  std::string name;
  std::optional<Address> listen, upstream;
  std::optional<bool> enabled;
  std::vector<ToxicSpec> toxics;
};

// To make one: name and upstream are required, toxics are read.
Result<ProxyConfig> ReadNewProxy(const boost::json::value& json);
// To change one: all is optional; the name, if there, must be this; toxics are not looked at.
Result<ProxyConfig> ReadProxyChange(const boost::json::value& json, const std::string& name);

Result<ToxicSpec> ReadNewToxic(const boost::json::value& json);
// Attributes and toxicity over the present ones.
Result<ToxicSpec> ReadToxicChange(const boost::json::value& json, const ToxicSpec& present);

std::string ToJson(const ToxicSpec& toxic);
std::string ToJson(const std::vector<ToxicSpec>& toxics);

}  // namespace touchstone::proxy
