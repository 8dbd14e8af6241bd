#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "covey/coordinator/federation.h"

namespace covey::coordinator {

// Answers, which leave only when the state behind them is durable: the loop fills this while it
// handles a batch of events, commits the store, and then flushes it.
// Not thread-safe.
class Outbox {
 public:
  template <typename T>
  void reply(Reply<T> reply, Result<T> result) {
    entries_.push_back(std::make_unique<ReplyEntry<T>>(std::move(reply), std::move(result)));
  }
  // The result is made at the flush, from what was committed.
  template <typename T>
  void reply_with(Reply<T> reply, std::function<Result<T>()> make) {
    entries_.push_back(std::make_unique<LateReplyEntry<T>>(std::move(reply), std::move(make)));
  }

  void flush() { run(nullptr); }
  void fail(const Error& error) { run(&error); }
  bool is_empty() const { return entries_.empty(); }

 private:
  struct Entry {
    virtual ~Entry() = default;
    virtual void run(const Error* failed) = 0;
  };
  template <typename T>
  struct ReplyEntry final : Entry {
    ReplyEntry(Reply<T> reply, Result<T> result)
        : reply_(std::move(reply)), result_(std::move(result)) {}
    void run(const Error* failed) override {
      reply_(failed != nullptr ? Result<T>(*failed) : std::move(result_));
    }
    Reply<T> reply_;
    Result<T> result_;
  };
  template <typename T>
  struct LateReplyEntry final : Entry {
    LateReplyEntry(Reply<T> reply, std::function<Result<T>()> make)
        : reply_(std::move(reply)), make_(std::move(make)) {}
    void run(const Error* failed) override {
      reply_(failed != nullptr ? Result<T>(*failed) : make_());
    }
    Reply<T> reply_;
    std::function<Result<T>()> make_;
  };

  // What an entry does may fill the outbox anew.
  void run(const Error* failed) {
    std::vector<std::unique_ptr<Entry>> entries = std::move(entries_);
    entries_.clear();
    for (const auto& entry : entries) entry->run(failed);
  }

  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace covey::coordinator
