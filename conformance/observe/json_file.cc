#include "conformance/observe/json_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/stream_parser.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "conformance/observe/strict_json.h"

namespace touchstone {
namespace {

int LineAt(std::string_view text, std::size_t offset) {
  return 1 + static_cast<int>(std::count(
                 text.begin(),
                 text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size())), '\n'));
}

// Walks valid JSON text to the value at a path. Trusts the text to be JSON: a parser has seen it
// before.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  std::size_t Find(const std::vector<std::string>& path) {
    SkipSpace();
    for (const auto& step : path) {
      if (!Descend(step)) break;
    }
    return at_;
  }

  // Where an object's key stands for the second time; the text's end: nowhere.
  std::size_t FindRepeatedKey() {
    std::vector<std::set<std::string_view>> keys;
    for (SkipSpace(); at_ < text_.size(); SkipSpace()) {
      const char c = Peek();
      const std::size_t begin = at_;
      if (c == '{' || c == '[') keys.emplace_back();
      if ((c == '}' || c == ']') && !keys.empty()) keys.pop_back();
      if (c != '"') {
        ++at_;
        continue;
      }
      SkipString();
      const auto text = text_.substr(begin, at_ - begin);
      SkipSpace();
      if (Peek() == ':' && !keys.empty() && !keys.back().insert(text).second) return begin;
    }
    return text_.size();
  }

 private:
  // From the start of a container to the start of its member; stays where it is when there is none.
  bool Descend(const std::string& step) {
    const std::size_t start = at_;
    const bool object = Peek() == '{';
    if (!object && Peek() != '[') return false;
    ++at_;
    for (int index = 0;; ++index) {
      SkipSpace();
      if (Peek() == '}' || Peek() == ']' || at_ >= text_.size()) break;
      std::string key = std::to_string(index);
      if (object) {
        const std::size_t begin = at_ + 1;
        SkipString();
        key = std::string(text_.substr(begin, at_ - begin - 1));
        SkipSpace();
        ++at_;  // the colon
        SkipSpace();
      }
      if (key == step) return true;
      SkipValue();
      SkipSpace();
      if (Peek() == ',') ++at_;
    }
    at_ = start;
    return false;
  }

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipSpace() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }
  void SkipString() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) at_ += text_[at_] == '\\';
    ++at_;
  }
  void SkipValue() {
    int depth = 0;
    do {
      SkipSpace();
      const char c = Peek();
      if (c == '"') {
        SkipString();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (std::string_view("{}[],:").find(c) != std::string_view::npos) {
        ++at_;
      } else {
        at_ = std::min(text_.find_first_of("{}[],: \t\r\n", at_), text_.size());
      }
    } while (depth > 0 && at_ < text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

int LineOf(std::string_view text, const std::vector<std::string>& path) {
  return LineAt(text, Walker(text).Find(path));
}

std::string JsonFile::Fault(const std::vector<std::string>& path, std::string_view message) const {
  return fmt::format("{}:{}: {}{}", file.string(), LineOf(text, path),
                     path.empty() ? "" : "`" + path.back() + "`: ", message);
}

tl::expected<JsonFile, std::string> ReadJsonFile(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return tl::unexpected(fmt::format("{}: cannot be read", file.string()));
  JsonFile read{file, std::string((std::istreambuf_iterator<char>(stream)), {}), {}};
  auto parsed = ParseStrict(read.text);
  if (parsed) {
    read.value = std::move(*parsed);
    return read;
  }
  // simdjson does not say where; a second parser does, for all but repeated keys.
  boost::json::stream_parser second;
  boost::system::error_code ec;
  const std::size_t consumed = second.write_some(read.text, ec);
  if (!ec) second.finish(ec);
  const std::size_t twice = ec ? 0 : Walker(read.text).FindRepeatedKey();
  const std::size_t at = ec ? consumed : twice < read.text.size() ? twice : 0;
  return tl::unexpected(fmt::format("{}:{}: not JSON: {}", file.string(), LineAt(read.text, at),
                                    ec ? ec.message() : parsed.error().message));
}

}  // namespace touchstone
