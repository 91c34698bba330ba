#include "reference-host/host/worker_pool.h"

namespace refhost {

WorkerPool::~WorkerPool() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_all();
  threads_.clear();
}

void WorkerPool::Submit(Task task) {
  std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(task));
  if (waiting_.size() > idle_) {
    threads_.emplace_back([this] { Loop(); });
  } else {
    arrived_.notify_one();
  }
}

void WorkerPool::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    while (!waiting_.empty()) {
      Task task = std::move(waiting_.front());
      waiting_.erase(waiting_.begin());
      lock.unlock();
      task();
      task = nullptr;
      lock.lock();
    }
    if (stopping_) return;
    ++idle_;
    arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    --idle_;
  }
}

}  // namespace refhost
