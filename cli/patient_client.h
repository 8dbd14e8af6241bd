#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <type_traits>

#include "cli/command.h"

namespace covey::cli {

// The daemon, for a command that outlives its restarts: a call that finds nobody is made again
// until somebody answers, and one line says so. Not thread-safe.
class PatientClient {
 public:
  // kUnavailable when nobody answers at the start: then there is nothing to wait for.
  static Result<PatientClient> connect(Context& context, const std::string& socket) {
    COVEY_ASSIGN_OR_RETURN(auto client, context.connect(socket));
    if (auto status = client->status(); !status) return status.error();
    return PatientClient(context, socket, std::move(client));
  }

  // `ask(AdminClient&)` gives a Result.
  template <typename Ask>
  auto call(const Ask& ask) -> std::invoke_result_t<Ask, AdminClient&> {
    for (bool is_gone = false;; is_gone = true) {
      if (client_ != nullptr) {
        auto answer = ask(*client_);
        if (answer.has_value() || answer.error().code != ErrorCode::kUnavailable) {
          if (is_gone) context_->err << "The coordinator is back.\n";
          return answer;
        }
      }
      if (!is_gone) {
        clear_line();
        context_->err << "The coordinator does not answer; trying again until it does.\n";
        ++outages_;
      }
      context_->sleep(std::chrono::seconds(1));
      auto again = context_->connect(socket_);
      client_ = again ? std::move(*again) : nullptr;
    }
  }

  std::size_t outages() const { return outages_; }

  // A line that the next one replaces; nothing where there is no terminal.
  void show_progress(const std::string& text) {
    if (!context_->is_terminal) return;
    context_->err << "\r\033[K" << text << std::flush;
    has_line_ = true;
  }
  void clear_line() {
    if (has_line_) context_->err << "\r\033[K" << std::flush;
    has_line_ = false;
  }

 private:
  PatientClient(Context& context, std::string socket, std::unique_ptr<AdminClient> client)
      : context_(&context), socket_(std::move(socket)), client_(std::move(client)) {}

  Context* context_;  // outlives this
  std::string socket_;
  std::unique_ptr<AdminClient> client_;
  std::size_t outages_ = 0;
  bool has_line_ = false;
};

}  // namespace covey::cli
