// The stream of requests of a load or soak: deterministic from its seed, each with the outcome that
// a conforming host must give it. Pure; one generator per thread.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace touchstone::soak {

struct WorkItem {
  std::string request_id;
  std::string line;      // without LF
  std::string expected;  // "OK", "OK replayed", "PONG", "INVALID_REQUEST"
  std::string text;      // the answer's text, for OK
};

// What a provider must answer to a prompt with this word in it. Runs that follow each other have
// different texts, so that a host which mixes them up is seen.
struct WorkAnswer {
  std::string word, text;
};
std::vector<WorkAnswer> WorkAnswers();

// Mostly runs over a few sessions; now and then a ping, a bad request and the replay of an earlier
// run.
class Workload {
 public:
  // `prefix` keeps the ids of several generators apart.
  Workload(std::uint64_t seed, std::string prefix);
  WorkItem Next();
  // Tells the generator that a run was answered OK, so that it may be replayed from now on.
  void Answered(const WorkItem& item);

 private:
  struct Done {
    std::string session, key, text;
  };
  std::mt19937_64 random_;
  std::string prefix_;
  int count_ = 0;
  std::vector<Done> done_;
};

}  // namespace touchstone::soak
