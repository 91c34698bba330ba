// The words in prompts by which the provider's rules tell requests apart, and what it answers to
// them. Shared by the maker of requests and the maker of rules; private to this folder.
#pragma once

#include <string>
#include <string_view>

namespace touchstone::soak {

// Several words of a kind, so that runs which follow each other have different texts and a host
// that mixes them up is seen.
inline constexpr int kWords = 7, kLongWords = 3;

// "ask-3;": in no other word.
std::string Word(std::string_view kind, int number);
// "answer to ask-3; é🎉".
std::string AnswerTo(const std::string& word);
// That many bytes of the same, cut at a character.
std::string LongAnswerTo(const std::string& word, int bytes);

namespace words {
inline constexpr std::string_view kAsk = "ask", kLong = "long", kTool = "tool", kSlow = "slow";
// Without an answer, or with one that is the same for all.
inline constexpr std::string_view kLimited = "limited;", kDown = "down;", kHang = "hang;";
inline constexpr std::string_view kRace = "race;";  // answered about when a cancel comes
}  // namespace words

}  // namespace touchstone::soak
