// Which transactions are between their end of content and the ledger, and what the MTA has said of them: in
// memory that outlives a relayd that is killed, because it is a file's. It is written without any waiting,
// and never synced: the ledger keeps all that must survive a power cut.
//
// The relayd that made a book and its witness (net/witness/witness.h) hold a lock on it. As long as one of
// them lives, what is open may still be answered; later relayds read it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"

namespace tsmtp::ledger {

/// One such transaction. Read by another process, perhaps after its writer was killed at any moment: nothing
/// here is believed before it was checked, and `state` is written last.
class alignas(4096) CommitSlot {
 public:
  static constexpr std::size_t kTransactionBytes = 16;
  static constexpr std::size_t kMaxSiteBytes = 255;
  static constexpr std::size_t kMaxRefused = 1000;

  struct Origin {
    std::string name;  ///< of the site
    std::string pin;   ///< its key (kPinBytes), or empty; kept where it fits beside the name
  };

  /// From now on the end of content may be on its way over `connection`, a number of the writer's own.
  /// `refused`: the indices of the recipients that get nothing. Within the limits above.
  void open(std::uint32_t connection, const Origin& site, const std::string& transaction,
            const std::vector<std::uint16_t>& refused);
  /// All of the end of content was handed to the kernel.
  void set_sent() { is_sent_ = true; }
  /// Nothing more will be heard, whatever `reply` holds by now.
  void close() { state_ = kClosed; }
  /// The ledger has it, or it came to nothing.
  void free() { state_ = kFree; }

  [[nodiscard]] bool is_open() const { return state_ == kOpen; }
  [[nodiscard]] bool is_about(std::string_view site, std::string_view transaction) const;
  [[nodiscard]] bool is_used() const { return state_ == kOpen || state_ == kClosed; }
  [[nodiscard]] bool is_sent() const { return is_sent_; }
  [[nodiscard]] std::uint32_t connection() const { return connection_; }
  [[nodiscard]] std::string site() const;
  /// Of the site; empty if it was not kept.
  [[nodiscard]] std::string pin() const;
  [[nodiscard]] std::string transaction() const { return {transaction_, kTransactionBytes}; }
  [[nodiscard]] std::vector<std::uint16_t> refused() const;

  /// What the MTA has said so far, as it came.
  [[nodiscard]] std::string_view reply() const;
  /// Where what it says next is to be read to, so that not even a kill right behind that loses it. Empty when
  /// there is no more room.
  [[nodiscard]] std::span<char> reply_room();

 private:
  enum State : std::uint32_t { kFree, kOpen, kClosed };

  std::atomic<std::uint32_t> state_;
  std::atomic<bool> is_sent_;
  std::uint32_t connection_;
  std::uint16_t refused_count_;
  std::uint16_t refused_[kMaxRefused];
  char transaction_[kTransactionBytes];
  char site_[kMaxSiteBytes +
             1];      // the name, NUL, the key: what was written before there was a key is read, too
  char reply_[1800];  // NUL behind what is there, which no reply holds
};

class CommitBook {
 public:
  /// As many transactions may be open at once; more are not in the book.
  static constexpr std::size_t kSlots = 1024;

  /// Makes the file at `path`, with all the room it will need, and locks it.
  [[nodiscard]] static base::Result<std::unique_ptr<CommitBook>> make(const std::string& path);
  /// One that another relayd made.
  [[nodiscard]] static base::Result<std::unique_ptr<CommitBook>> open(const std::string& path);
  /// One that is open already, as `descriptor`, which is closed in any case.
  [[nodiscard]] static base::Result<std::unique_ptr<CommitBook>> take_over(int descriptor,
                                                                           const std::string& path);
  ~CommitBook();
  CommitBook(const CommitBook&) = delete;
  CommitBook& operator=(const CommitBook&) = delete;

  /// Of one that was opened: whether one of those who write it lives.
  [[nodiscard]] bool is_alive() const;
  [[nodiscard]] std::span<CommitSlot> slots() const { return {slots_, kSlots}; }
  /// One that is free, until it is given back; null when there is none.
  [[nodiscard]] CommitSlot* take();
  /// Frees it, too.
  void give_back(CommitSlot& slot);

  [[nodiscard]] bool has_used_slots() const;
  /// Removes the file. The memory stays.
  void remove() const;
  [[nodiscard]] int descriptor() const { return fd_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  CommitBook(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  [[nodiscard]] base::Result<void> map();

  std::string path_;
  int fd_;
  void* memory_ = nullptr;
  CommitSlot* slots_ = nullptr;
  std::vector<CommitSlot*> free_;
};

}  // namespace tsmtp::ledger
