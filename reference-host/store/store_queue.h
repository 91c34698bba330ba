// Runs store work in order, many pieces to a transaction: one thread owns the connection, takes
// whatever is waiting, and commits it as one. Without its thread (a one-shot has no use for it)
// each piece is its own transaction, made at once by the caller.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "reference-host/store/store.h"

namespace refhost {

class StoreQueue {
 public:
  enum class Threading { kOwnThread, kCallersThread };

  // What to do inside the transaction. May run twice, when a shared transaction has failed.
  using Work = std::function<StoreResult<void>(Store&)>;
  // Called once, after the commit or the failure, in the order of submission. Must not block.
  using Done = std::function<void(const StoreResult<void>&)>;

  StoreQueue(std::unique_ptr<Store> store, Threading threading);
  ~StoreQueue();  // finishes what was submitted

  // Must not be called with a lock held that `done` takes.
  void Submit(Work work, Done done);

  // The same, and waits for it. Not from a `done`.
  StoreResult<void> Await(Work work);

  // Pieces of work that wait. Callers that can wait (the reader) keep it small.
  size_t Backlog();
  void WaitUntilBelow(size_t backlog);

 private:
  struct Job {
    Work work;
    Done done;
  };
  void Loop();
  void RunBatch(std::vector<Job>& batch);
  StoreResult<void> Transact(Job* begin, Job* end);

  std::unique_ptr<Store> store_;
  const Threading threading_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable drained_;
  std::vector<Job> waiting_;  // guarded by mutex_
  size_t running_ = 0;        // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_
  std::mutex store_mutex_;    // kCallersThread: whoever calls owns the store for that long
  std::jthread thread_;
};

}  // namespace refhost
