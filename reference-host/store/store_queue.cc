#include "reference-host/store/store_queue.h"

#include <future>

namespace refhost {
namespace {

// Bounds how long the write lock is held against other processes.
constexpr size_t kMaxBatch = 256;

}  // namespace

StoreQueue::StoreQueue(std::unique_ptr<Store> store, Threading threading)
    : store_(std::move(store)), threading_(threading) {
  if (threading_ == Threading::kOwnThread) thread_ = std::jthread([this] { Loop(); });
}

StoreQueue::~StoreQueue() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
}

void StoreQueue::Submit(Work work, Done done) {
  if (threading_ == Threading::kCallersThread) {
    Job job{std::move(work), std::move(done)};
    StoreResult<void> result;
    {
      std::lock_guard lock(store_mutex_);
      result = Transact(&job, &job + 1);
    }
    job.done(result);
    return;
  }
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    wake = waiting_.empty() && running_ == 0;
    waiting_.push_back({std::move(work), std::move(done)});
  }
  if (wake) arrived_.notify_one();
}

StoreResult<void> StoreQueue::Await(Work work) {
  std::promise<StoreResult<void>> promise;
  auto result = promise.get_future();
  Submit(std::move(work), [&promise](const StoreResult<void>& done) { promise.set_value(done); });
  return result.get();
}

size_t StoreQueue::Backlog() {
  std::lock_guard lock(mutex_);
  return waiting_.size() + running_;
}

void StoreQueue::WaitUntilBelow(size_t backlog) {
  std::unique_lock lock(mutex_);
  drained_.wait(lock, [&] { return waiting_.size() + running_ < backlog; });
}

void StoreQueue::Loop() {
  std::vector<Job> batch;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      running_ = 0;
      drained_.notify_all();
      arrived_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      if (waiting_.size() <= kMaxBatch) {
        batch.swap(waiting_);
      } else {
        batch.assign(std::make_move_iterator(waiting_.begin()),
                     std::make_move_iterator(waiting_.begin() + kMaxBatch));
        waiting_.erase(waiting_.begin(), waiting_.begin() + kMaxBatch);
      }
      running_ = batch.size();
    }
    RunBatch(batch);
    batch.clear();
  }
}

void StoreQueue::RunBatch(std::vector<Job>& batch) {
  Job* begin = batch.data();
  Job* end = begin + batch.size();
  const auto shared = Transact(begin, end);
  const bool retry_alone = !shared && batch.size() > 1;
  for (Job* job = begin; job != end; ++job) {
    // One piece that cannot be done must not take its neighbours with it.
    job->done(retry_alone ? Transact(job, job + 1) : shared);
  }
}

StoreResult<void> StoreQueue::Transact(Job* begin, Job* end) {
  auto result = store_->Begin();
  for (Job* job = begin; result && job != end; ++job) result = job->work(*store_);
  if (result) result = store_->Commit();
  if (!result) store_->Rollback();
  return result;
}

}  // namespace refhost
