// Threads for work that blocks. A thread is started when there is work and no idle one; the number
// of pieces under way is bounded by the caller (slots). Any thread may submit.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace refhost {

class WorkerPool {
 public:
  using Task = std::function<void()>;

  WorkerPool() = default;
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();  // waits for the tasks

  void Submit(Task task);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Task> waiting_;  // guarded by mutex_
  size_t idle_ = 0;            // guarded by mutex_
  bool stopping_ = false;      // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace refhost
