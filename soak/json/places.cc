#include "soak/json/places.h"

#include <algorithm>

namespace touchstone::soak {

class PlaceScanner {
 public:
  PlaceScanner(std::string_view text, JsonPlaces& places) : text_(text), places_(places) {}

  void Value(const std::string& path) {
    Blank();
    if (Is('{')) return Members(path);
    if (Is('[')) return Elements(path);
    if (Is('"')) {
      String();
      return;
    }
    while (!AtEnd() && !Is(',') && !Is('}') && !Is(']')) Step();
  }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  bool Is(char c) const { return !AtEnd() && text_[at_] == c; }
  void Step() {
    if (Is('\n')) ++line_;
    ++at_;
  }
  void Blank() {
    while (Is(' ') || Is('\t') || Is('\n') || Is('\r')) Step();
  }
  // Goes past a character that stands between two values.
  void Past(char c) {
    Blank();
    if (Is(c)) Step();
  }

  // As it is written, without the quotes.
  std::string String() {
    Step();
    const auto begin = at_;
    while (!AtEnd() && !Is('"')) {
      if (Is('\\')) Step();
      Step();
    }
    const auto end = std::min(at_, text_.size());
    Step();
    return std::string(text_.substr(begin, end - begin));
  }

  void Found(const std::string& path, bool member) {
    const bool is_new = places_.lines_.emplace(path, line_).second;
    if (!is_new && member && !places_.repeated_) places_.repeated_ = path;
  }

  void Members(const std::string& path) {
    Step();
    for (Blank(); !AtEnd() && !Is('}'); Blank()) {
      if (!Is('"')) return;
      const std::string key = String();  // in which there can be no line break
      const std::string below = path.empty() ? key : path + "." + key;
      Found(below, true);
      Past(':');
      Value(below);
      Past(',');
    }
    Step();
  }

  void Elements(const std::string& path) {
    Step();
    int index = 0;
    for (Blank(); !AtEnd() && !Is(']'); Blank()) {
      const auto before = at_;
      const std::string below = path + "[" + std::to_string(index++) + "]";
      Found(below, false);
      Value(below);
      Past(',');
      if (at_ == before) return;
    }
    Step();
  }

  const std::string_view text_;
  JsonPlaces& places_;
  std::size_t at_ = 0;
  int line_ = 1;
};

JsonPlaces::JsonPlaces(std::string_view text) { PlaceScanner(text, *this).Value(""); }

int JsonPlaces::LineOf(std::string path) const {
  while (!path.empty()) {
    if (const auto found = lines_.find(path); found != lines_.end()) return found->second;
    const auto cut = path.find_last_of(".[");
    path.resize(cut == std::string::npos ? 0 : cut);
  }
  return 1;
}

}  // namespace touchstone::soak
