#include "conformance/fuzz/recipe.h"

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <ostream>

#include "conformance/fuzz/values.h"

namespace touchstone::fuzz {
namespace {

using namespace std::string_view_literals;

struct Field {
  std::string key;  // as it is written, in quotes
  std::string value;
};
using Fields = std::vector<Field>;

// Requests that are valid, the cheap and most frequent first. Runs are rare: each costs the host a
// call and a commit.
constexpr std::uint8_t kBases = 32;

Fields Base(std::uint8_t base, const std::string& id) {
  Fields fields = {
      {"\"protocol_version\"", "1"}, {"\"type\"", "\"ping\""}, {"\"request_id\"", '"' + id + '"'}};
  const auto add = [&](std::string_view key, std::string value) {
    fields.push_back({fmt::format("\"{}\"", key), std::move(value)});
  };
  const bool is_run = base >= kBases - 1, is_broken_run = base >= kBases - 8;
  if (is_run || is_broken_run) {
    fields[1].value = "\"run\"";
    add("session_id", fmt::format("\"s{}\"", id));
    add("prompt", "\"hi\"");
    add("idempotency_key", fmt::format("\"k{}\"", id));
    // A run that is refused whatever else happens to it, so that it costs nothing.
    if (!is_run) fields[3 + base % 3].value = "\"\"";
    if (base % 2 == 0) add("timeout_ms", "60000");
    if (base % 4 == 1) add("metadata", R"({"a":[1,"b"]})");
  } else if (base >= kBases - 12) {
    fields[1].value = "\"cancel\"";
    add("session_id", fmt::format("\"c{}\"", id));
    add(base % 2 ? "target_request_id" : "cancel_request_id", fmt::format("\"gone{}\"", id));
  } else if (base == kBases - 13) {
    fields[1].value = "\"session_close\"";
    add("session_id", fmt::format("\"c{}\"", id));
  } else {
    if (base % 4 == 1) add("session_id", fmt::format("\"p{}\"", id));
    if (base % 4 == 2) add("ts_ms", "1700000000000");
    if (base % 4 == 3) add("x", R"({"y":[1,2,{"z":null}]})");
  }
  return fields;
}

std::string Join(const Fields& fields) {
  std::string text = "{";
  for (const Field& field : fields) {
    if (text.size() > 1) text += ',';
    text += field.key;
    text += ':';
    text += field.value;
  }
  return text += '}';
}

std::string Filled(std::string_view value, const std::string& id) {
  std::string text;
  for (char c : value) {
    if (c == '$')
      text += id;
    else
      text += c;
  }
  return text;
}

// No type of request, but nearly. As an id they would be shared by many lines, so they stand apart.
constexpr std::string_view kNearlyTypes[] = {
    R"("RUN")"sv,        R"("Ping")"sv,          R"("ping ")"sv,        R"(" ping")"sv,
    R"("ping\u0000")"sv, R"("session-close")"sv, R"("sessionclose")"sv, R"("")"sv,
    R"("pong")"sv,       R"("PING")"sv,          R"("final")"sv,        R"("ping,run")"sv};

constexpr std::string_view kMoreKeys[] = {
    "ts_ms",  "session_id",        "prompt", "idempotency_key",   "timeout_ms",
    "stream", "metadata",          "agent",  "target_request_id", "channel_id",
    "x",      "cancel_request_id", "Type",   "request_id "};

// Field by field. `where` picks the field.
void MutateField(const Mutation& mutation, const std::string& id, Fields& fields) {
  const auto values = FieldValues();
  const std::string value = Filled(values[mutation.more % values.size()], id);
  Field& field = fields[mutation.where % fields.size()];
  const auto more_key = kMoreKeys[mutation.where % std::size(kMoreKeys)];
  switch (mutation.what % 16) {
    case 0:
      fields.erase(fields.begin() + mutation.where % static_cast<int>(fields.size()));
      break;
    default:  // 1…7
      field.value = value;
      if (field.key == "\"type\"" && mutation.more % 4 == 0)
        field.value = kNearlyTypes[mutation.more / 4 % std::size(kNearlyTypes)];
      break;
    case 8:
    case 9:
    case 10:
      fields.push_back({fmt::format("\"{}\"", more_key), value});
      break;
    case 11:  // unknown, at depth
      fields.push_back({"\"x\"", fmt::format(R"({{"type":[{{"protocol_version":{}}}]}})", value)});
      break;
    case 12:  // twice
      fields.push_back(mutation.more % 2 ? field : Field{field.key, value});
      break;
    case 13:  // an escaped key
      if (field.key.size() > 3)
        field.key = fmt::format("\"\\u{:04x}{}", static_cast<unsigned char>(field.key[1]),
                                field.key.substr(2));
      break;
    case 14:  // a key that is a value from the table
      fields.push_back({value, "1"});
      break;
    case 15:
      if (mutation.more % 4 == 0) {
        field.value = '"' + id + std::string(mutation.more % 3000, 'x') + '"';
      } else if (mutation.more % 4 == 1) {
        std::swap(field, fields.front());
      } else if (mutation.more % 4 == 2) {
        field.key = " \t" + field.key + "\r ";
      } else {
        field.value = GrammarValue(mutation.more);
      }
      break;
  }
}

constexpr std::string_view kPieces[] = {"\n"sv,
                                        "\r"sv,
                                        "\r\n"sv,
                                        "\0"sv,
                                        "\xFF"sv,
                                        "\x80"sv,
                                        "\xC0\x80"sv,
                                        "\xEF\xBB\xBF"sv,
                                        "\xE2\x80\xA8"sv,
                                        "\xED\xA0\x80"sv,
                                        "\""sv,
                                        "\\"sv,
                                        "{"sv,
                                        "}"sv,
                                        "["sv,
                                        "]"sv,
                                        ","sv,
                                        ":"sv,
                                        "\\u"sv,
                                        "\\ud800"sv,
                                        "\x1b[0m"sv,
                                        "\x7f"sv,
                                        "null"sv,
                                        "1e999"sv,
                                        "\t"sv,
                                        " "sv,
                                        "-"sv,
                                        "\"type\":\"ping\","sv,
                                        "{}"sv,
                                        "\f"sv,
                                        "\v"sv,
                                        "\x1a"sv};

void MutateBytes(const Mutation& mutation, std::uint32_t number, const std::string& other,
                 std::string& text) {
  if (text.empty()) return;
  const auto at = mutation.where % text.size();
  switch (mutation.what % 8) {
    case 0:  // truncate
      text.resize(at);
      break;
    case 1:  // delete
      text.erase(at, 1 + mutation.more % 8);
      break;
    case 2:  // flip
      text[at] = static_cast<char>(text[at] ^ (1 << mutation.more % 8));
      break;
    case 3:
      text[at] = static_cast<char>(mutation.more);
      break;
    case 4:
      text.insert(at, 1, static_cast<char>(mutation.more));
      break;
    case 5:
      text.insert(at, kPieces[mutation.more % std::size(kPieces)]);
      break;
    case 6:  // splice with another request
      text = text.substr(0, at) + other.substr(mutation.more % other.size());
      break;
    case 7:  // a stretch again
      text.insert(at, text.substr(at, 1 + (mutation.more + number) % 40));
      break;
  }
}

// A request that is `size` bytes long.
std::string OfSize(Fields fields, std::size_t size) {
  fields.push_back({"\"pad\"", "\"\""});
  const auto length = Join(fields).size();
  if (length < size) fields.back().value = '"' + std::string(size - length, 'p') + '"';
  return Join(fields);
}

// Lines ended by LF.
std::string FramingOf(const Recipe& recipe, const std::string& id, std::size_t limit) {
  std::string block;
  const auto base = Join(Base(recipe.base, id));
  if (recipe.mutations.empty()) return base + "\n";
  int part = 0;
  for (const Mutation& mutation : recipe.mutations) {
    const auto own = fmt::format("{}.{}", id, ++part);
    const auto line = Join(Base(recipe.base, own));
    switch (mutation.what % 12) {
      case 0:
        block += line + "\n";
        break;
      case 1:
        block += line + "\r\n";
        break;
      case 2:
        block += "\n\r\n \t\n" + line + "\n";
        break;
      case 3:
        block += " \t\r" + line + " \t\r\r\n";
        break;
      case 4:
      case 5:  // around the limit
        block += OfSize(Base(recipe.base, own), limit - 1 + mutation.more % 3) +
                 (mutation.where % 3 == 0 ? "\r\n" : "\n");
        break;
      case 6:  // blank, around the limit
        block += std::string(limit - 1 + mutation.more % 3, ' ') + "\n";
        break;
      case 7:  // far over the limit
        block +=
            std::string(limit + 1 + mutation.more % (2 * limit), mutation.where % 2 ? 'x' : '{') +
            "\n";
        break;
      case 8:
        for (int i = 0; i <= mutation.more % 12; ++i)
          block += Join(Base(recipe.base, fmt::format("{}.{}", own, i))) + "\n";
        break;
      case 9:  // two requests on one line
        block += line + (mutation.more % 2 ? " " : "\r") + line + "\n";
        break;
      case 10:  // one request on two lines
        block += line.substr(0, 1 + mutation.where % (line.size() - 1)) + "\n" +
                 line.substr(1 + mutation.where % (line.size() - 1)) + "\n";
        break;
      case 11:
        block += std::string(kPieces[mutation.more % std::size(kPieces)]) + line + "\n";
        break;
    }
  }
  return block;
}

}  // namespace

std::string_view ToString(Family family) {
  switch (family) {
    case Family::kRequests:
      return "requests";
    case Family::kBytes:
      return "bytes";
    case Family::kFraming:
      return "framing";
    case Family::kJson:
      return "json";
  }
  return "?";
}

Recipe DrawRecipe(Family family, std::uint64_t seed, std::uint32_t number) {
  const auto stir = (seed * 4 + static_cast<std::uint64_t>(family)) * 0x9E3779B97F4A7C15u + number;
  rc::Random random(stir);
  Recipe recipe{family, number, 0, {}};
  auto first = random.next();
  recipe.base = static_cast<std::uint8_t>(first % kBases);
  // A run that is executed costs a hundred times more than anything else.
  if (recipe.base == kBases - 1 && (first >> 8) % 4 != 0) recipe.base = 0;
  const int count = 1 + ((first >> 16) % 4 == 0) + ((first >> 18) % 8 == 0);
  for (int i = 0; i < count; ++i) {
    const auto drawn = random.next();
    recipe.mutations.push_back({static_cast<std::uint16_t>(drawn),
                                static_cast<std::uint16_t>(drawn >> 16),
                                static_cast<std::uint16_t>(drawn >> 32)});
  }
  return recipe;
}

rc::Seq<Recipe> ShrinkRecipe(const Recipe& recipe) {
  auto fewer = rc::seq::map(rc::shrink::removeChunks(recipe.mutations),
                            [recipe](std::vector<Mutation> mutations) {
                              Recipe simpler = recipe;
                              simpler.mutations = std::move(mutations);
                              return simpler;
                            });
  auto base =
      rc::seq::map(rc::shrink::towards<std::uint8_t>(recipe.base, 0), [recipe](std::uint8_t value) {
        Recipe simpler = recipe;
        simpler.base = value;
        return simpler;
      });
  auto smaller = rc::seq::map(
      rc::shrink::eachElement(
          recipe.mutations,
          [](const Mutation& mutation) {
            const auto with = [mutation](std::uint16_t Mutation::*field) {
              return rc::seq::map(rc::shrink::towards<std::uint16_t>(mutation.*field, 0),
                                  [mutation, field](std::uint16_t value) {
                                    Mutation simpler = mutation;
                                    simpler.*field = value;
                                    return simpler;
                                  });
            };
            return rc::seq::concat(with(&Mutation::what), with(&Mutation::where),
                                   with(&Mutation::more));
          }),
      [recipe](std::vector<Mutation> mutations) {
        Recipe simpler = recipe;
        simpler.mutations = std::move(mutations);
        return simpler;
      });
  return rc::seq::concat(std::move(fewer), std::move(base), std::move(smaller));
}

rc::Gen<Recipe> Recipes(Family family) {
  return [family](const rc::Random& random, int) {
    auto copy = random;
    return rc::shrinkable::shrinkRecur(DrawRecipe(family, copy.next(), 0), &ShrinkRecipe);
  };
}

std::string Render(const Recipe& recipe, std::size_t limit, std::string_view prefix) {
  const auto id = fmt::format("{}{}", prefix, recipe.number);
  if (recipe.family == Family::kFraming) return FramingOf(recipe, id, limit);
  Fields fields = Base(recipe.base, id);
  if (recipe.family == Family::kRequests) {
    for (const Mutation& mutation : recipe.mutations) {
      if (!fields.empty()) MutateField(mutation, id, fields);
    }
    return Join(fields) + "\n";
  }
  if (recipe.family == Family::kJson) {
    for (const Mutation& mutation : recipe.mutations) {
      auto value = GrammarValue(mutation.what | std::uint64_t{mutation.where} << 16 |
                                std::uint64_t{mutation.more} << 32);
      if (mutation.more % 8 == 7) return value + "\n";  // the line itself
      fields.push_back({"\"x\"", std::move(value)});
    }
    return Join(fields) + "\n";
  }
  std::string text = Join(fields);
  const auto other =
      Join(Base(static_cast<std::uint8_t>((recipe.base + 7) % (kBases - 1)), id + "o"));
  for (const Mutation& mutation : recipe.mutations)
    MutateBytes(mutation, recipe.number, other, text);
  return text + "\n";
}

void showValue(const Recipe& recipe, std::ostream& os) {
  os << ToString(recipe.family) << " " << int{recipe.base} << " [";
  for (const Mutation& mutation : recipe.mutations)
    os << " " << mutation.what << "/" << mutation.where << "/" << mutation.more;
  os << " ]";
}

}  // namespace touchstone::fuzz
