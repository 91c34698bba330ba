// The words of the control API: answers, errors, and bodies as they are read.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "fault-injection/provider/control.h"

namespace touchstone::provider {

ControlAnswer Say(const boost::json::value& value, int status = 200);

// {"error":{"code":…,"message":…}}; `path` says where in a body or which parameter, "": nowhere.
ControlAnswer Refuse(int status, std::string_view code, std::string_view message,
                     std::string_view path = "");

// The body as JSON; or what is wrong with it, with line and column.
tl::expected<boost::json::value, ControlAnswer> ReadJson(std::string_view body);

// A body that is an object of these keys and no other; nothing at all is an object without any.
tl::expected<boost::json::object, ControlAnswer> ReadObject(
    std::string_view body, std::initializer_list<std::string_view> known);

}  // namespace touchstone::provider
