#include "relayd/net/ledger/borrowed_ledger.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/ledger/news.h"
#include "relayd/net/ledger/ledger_lender.h"

namespace tsmtp::net {
namespace {

// It writes to the same disk as we would; a disk that hangs for longer puts mail off.
constexpr timeval kWritePatience{.tv_sec = 10, .tv_usec = 0};
// For a process that has closed its sockets to be gone altogether, with its lock.
constexpr std::chrono::seconds kUntilGone{10};
constexpr std::chrono::milliseconds kLockPoll{2};

bool is_late() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

}  // namespace

BorrowedLedger::BorrowedLedger(base::Descriptor socket, std::string dir,
                               std::function<void(const std::string&)> warn)
    : socket_(std::move(socket)), dir_(std::move(dir)), warn_(std::move(warn)) {
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &kWritePatience, sizeof kWritePatience);
  setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &kWritePatience, sizeof kWritePatience);
}

base::Result<void> BorrowedLedger::apply(std::span<const ledger::Change> changes) {
  if (socket_.is_open()) {
    std::string trouble;
    switch (ask(changes, trouble)) {
      case Answer::kWritten:
        return {};
      case Answer::kNotWritten:
        return base::Error{trouble};
      case Answer::kLate:
        return base::Error{"the relayd from which this one takes over does not write it"};
      case Answer::kGone:
        socket_ = {};
    }
  }
  if (!store_)
    if (auto ok = open(); !ok) return ok;
  return store_->apply(changes);
}

BorrowedLedger::Answer BorrowedLedger::ask(std::span<const ledger::Change> changes, std::string& trouble) {
  std::string body;
  for (const ledger::Change& change : changes)
    ledger::append(body, change);
  std::string frame;
  base::put_u32(frame, static_cast<std::uint32_t>(body.size()));
  base::put_u32(frame, ++asked_);
  frame += body;
  for (std::string_view rest = frame; !rest.empty();) {
    const ssize_t sent = send(socket_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return Answer::kGone;  // half a frame cannot be followed by another
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return read_answer(trouble);
}

BorrowedLedger::Answer BorrowedLedger::read_answer(std::string& trouble) {
  for (;;) {
    char header[LedgerLender::kAnswerBytes];
    ssize_t received = 0;
    do {
      received = recv(socket_.get(), header, sizeof header, MSG_WAITALL);
    } while (received < 0 && errno == EINTR);
    if (received < 0 && is_late()) return Answer::kLate;
    if (received != static_cast<ssize_t>(sizeof header)) return Answer::kGone;
    const std::string_view bytes(header, sizeof header);
    std::string text(base::get_u32(bytes.substr(4)), '\0');
    if (text.size() > LedgerLender::kMaxTroubleBytes) return Answer::kGone;
    if (!text.empty() &&
        recv(socket_.get(), text.data(), text.size(), MSG_WAITALL) != static_cast<ssize_t>(text.size()))
      return Answer::kGone;
    if (base::get_u32(bytes) != asked_) continue;  // to one that was not waited for
    trouble = std::move(text);
    return trouble.empty() ? Answer::kWritten : Answer::kNotWritten;
  }
}

base::Result<void> BorrowedLedger::open() {
  const auto deadline = std::chrono::steady_clock::now() + kUntilGone;
  for (;;) {
    auto store = ledger::Store::open(dir_);
    if (store) {
      for (const std::string& warning : (*store)->warnings())
        warn_(warning);
      store_ = std::move(*store);
      return {};
    }
    if (std::chrono::steady_clock::now() >= deadline) return store.error();
    std::this_thread::sleep_for(kLockPoll);
  }
}

}  // namespace tsmtp::net
