// Who runs where while it is measured: the judge's threads on one core, the programs under test on
// the others. Left to itself the scheduler moves both about, and a round trip takes twice as long
// when it wakes a core up.
//
// For one thread, which is the one that starts the programs.
#pragma once

#include <sched.h>

#include <string>

namespace touchstone {

class Cores {
 public:
  // Moves all threads that this process has to its first core. Does nothing when it may use one
  // core only, or `pin` is false.
  explicit Cores(bool pin);
  ~Cores();  // lets them go where they might before

  Cores(const Cores&) = delete;
  Cores& operator=(const Cores&) = delete;

  // The calling thread, and with it what it starts, runs with the programs until it goes out of
  // scope.
  class ForPrograms {
   public:
    explicit ForPrograms(const Cores& cores);
    ~ForPrograms();

   private:
    const Cores& cores_;
  };

  bool pinned() const { return pinned_; }

 private:
  bool pinned_ = false;
  cpu_set_t all_ = {}, judge_ = {}, programs_ = {};
};

}  // namespace touchstone
