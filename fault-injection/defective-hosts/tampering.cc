#include "fault-injection/defective-hosts/tampering.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace touchstone::defective {

namespace json = boost::json;

std::optional<Object> Parsed(std::string_view line) {
  boost::system::error_code ec;
  json::parse_options options;
  options.max_depth = 100;
  auto value = json::parse(json::string_view(line.data(), line.size()), ec, {}, options);
  if (ec || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string Lined(const Object& object) { return json::serialize(object) + "\n"; }

json::value* At(Object& object, std::string_view path) {
  const auto dot = path.find('.');
  const auto name = path.substr(0, dot);
  auto* value = object.if_contains(json::string_view(name.data(), name.size()));
  if (!value || dot == path.npos) return value;
  return value->is_object() ? At(value->get_object(), path.substr(dot + 1)) : nullptr;
}

std::string Text(const Object& object, std::string_view key) {
  const auto* value = object.if_contains(json::string_view(key.data(), key.size()));
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

Which Any() {
  return [](const Object&) { return true; };
}

Which Has(std::string key) {
  return [key](const Object& object) {
    const auto* value = object.if_contains(key);
    return value && !value->is_null();
  };
}

Which Is(std::string key, std::string value) {
  return [key, value](const Object& object) { return Text(object, key) == value; };
}

Which Of(std::string type, std::string status) {
  return [type, status](const Object& object) {
    if (type == "final" && !object.contains("type") && object.contains("ok")) {
      const auto* ok = object.if_contains("ok");
      return status.empty() || (status == "OK") == (ok->is_bool() && ok->get_bool());
    }
    return Text(object, "type") == type && (status.empty() || Text(object, "status") == status);
  };
}

Which And(Which a, Which b) {
  return [a, b](const Object& object) { return a(object) && b(object); };
}

Which OneIn(int n, Which which) {
  return [n, which, seen = std::make_shared<int>(0)](const Object& object) {
    return which(object) && ++*seen % n == 0;
  };
}

Which From(int n, Which which) {
  return [n, which, seen = std::make_shared<int>(0)](const Object& object) {
    return which(object) && ++*seen >= n;
  };
}

Edit Set(std::string path, json::value value) {
  return [path, value](Object& object) {
    if (auto* old = At(object, path)) {
      *old = value;
    } else if (path.find('.') == path.npos) {
      object[path] = value;
    }
  };
}

Edit Remove(std::string path) {
  return [path](Object& object) {
    const auto dot = path.rfind('.');
    if (dot == path.npos) {
      object.erase(path);
    } else if (auto* parent = At(object, path.substr(0, dot)); parent && parent->is_object()) {
      parent->get_object().erase(path.substr(dot + 1));
    }
  };
}

Edit Change(std::string path, std::function<void(json::value&)> change) {
  return [path, change](Object& object) {
    if (auto* value = At(object, path)) change(*value);
  };
}

void PassToCaller(const std::string& line, Wire& wire) { wire.ToCaller(line + "\n"); }
void PassToHost(const std::string& line, Wire& wire) { wire.ToHost(line + "\n"); }

Tampering OnResponse(Which which, Act act) {
  Tampering tampering;
  tampering.response = [which, act](const std::string& line, Wire& wire) {
    const auto object = Parsed(line);
    if (object && which(*object)) return act(line, *object, wire);
    PassToCaller(line, wire);
  };
  return tampering;
}

Tampering OnRequest(Which which, Act act) {
  Tampering tampering;
  tampering.request = [which, act](const std::string& line, Wire& wire) {
    const auto object = Parsed(line);
    if (object && which(*object)) return act(line, *object, wire);
    PassToHost(line, wire);
  };
  return tampering;
}

Tampering Responses(Which which, Edit edit) {
  return OnResponse(which, [edit](const std::string&, Object object, Wire& wire) {
    edit(object);
    wire.ToCaller(Lined(object));
  });
}

Tampering Requests(Which which, Edit edit) {
  return OnRequest(which, [edit](const std::string& line, Object object, Wire& wire) {
    const Object before = object;
    edit(object);
    // What is written anew has lost its keys that were given twice: that would be a second defect.
    if (object == before) return PassToHost(line, wire);
    wire.ToHost(Lined(object));
  });
}

Tampering RequestLines(Rewrite rewrite) {
  Tampering tampering;
  tampering.request = [rewrite](const std::string& line, Wire& wire) {
    if (const auto other = rewrite(line)) PassToHost(*other, wire);
  };
  return tampering;
}

Tampering ResponseLines(Rewrite rewrite) {
  Tampering tampering;
  tampering.response = [rewrite](const std::string& line, Wire& wire) {
    if (const auto other = rewrite(line)) PassToCaller(*other, wire);
  };
  return tampering;
}

Which Not(Which which) {
  return [which](const Object& object) { return !which(object); };
}

Which IsBlank(std::string key) {
  return [key](const Object& object) {
    const auto* value = object.if_contains(key);
    return value && value->is_string() &&
           value->get_string().find_first_not_of(" \t\r\n") == value->get_string().npos;
  };
}

Which OneInIds(int n, Which which) {
  return [n, which](const Object& object) {
    const auto hash = std::hash<std::string>{}(Text(object, "request_id"));
    return which(object) && hash % static_cast<std::size_t>(n) == 0;
  };
}

Tampering ExitStatus(int from, int to) {
  Tampering tampering;
  tampering.exit = [from, to](int status, Wire&) { return status == from ? to : status; };
  return tampering;
}

Tampering When(std::function<bool(const Launch&)> how, Tampering tampering) {
  Tampering when = tampering;
  const auto on = std::make_shared<bool>(false);
  when.launch = [how, on, launch = tampering.launch](Launch& started) {
    *on = how(started);
    if (*on && launch) launch(started);
  };
  if (tampering.request) {
    when.request = [on, hook = tampering.request](std::string line, Wire& wire) {
      return *on ? hook(std::move(line), wire) : PassToHost(line, wire);
    };
  }
  if (tampering.bytes) {
    when.bytes = [on, hook = tampering.bytes](std::string_view chunk, Wire& wire) {
      return *on ? hook(chunk, wire) : wire.ToHost(chunk);
    };
  }
  if (tampering.response) {
    when.response = [on, hook = tampering.response](std::string line, Wire& wire) {
      return *on ? hook(std::move(line), wire) : PassToCaller(line, wire);
    };
  }
  if (tampering.signal) {
    when.signal = [on, hook = tampering.signal](int number, Wire& wire) {
      return *on ? hook(number, wire) : wire.KillHost(number);
    };
  }
  if (tampering.exit) {
    when.exit = [on, hook = tampering.exit](int status, Wire& wire) {
      return *on ? hook(status, wire) : status;
    };
  }
  return when;
}

Tampering Environment(std::string name, std::optional<std::string> value) {
  Tampering tampering;
  tampering.launch = [name, value](Launch& launch) {
    if (value) {
      launch.environment[name] = *value;
    } else {
      launch.environment.erase(name);
    }
  };
  return tampering;
}

}  // namespace touchstone::defective
