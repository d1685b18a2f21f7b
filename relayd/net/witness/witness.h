// A process that stands by in case relayd is killed (P4). Between the end of content and the ledger, only the
// MTA's reply says whether a mail was delivered. The witness holds a second end of every connection to an
// MTA; when relayd is gone it reads the replies that are outstanding into the book, where the next relayd
// finds them (net/ledger/earlier_commits.h). As long as relayd lives it reads and writes nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/base/log.h"
#include "relayd/base/result.h"
#include "relayd/ledger/commit_book.h"

namespace tsmtp::net {

class Witness;

/// One transaction: in the book from open() until this is destroyed.
class WitnessedCommit {
 public:
  struct About {
    std::uint32_t connection = 0;
    ledger::CommitSlot::Origin site;
    std::string transaction;
    std::vector<std::uint16_t> refused;
  };

  WitnessedCommit(Witness& witness, ledger::CommitSlot& slot, About about)
      : witness_(&witness), slot_(&slot), about_(std::move(about)) {}
  ~WitnessedCommit();
  WitnessedCommit(const WitnessedCommit&) = delete;
  WitnessedCommit& operator=(const WitnessedCommit&) = delete;

  /// The end of content is written next, and the next reply is the one to it: no earlier command waits for
  /// its own, which would be taken for a delivery.
  void open();
  void set_sent() { slot_->set_sent(); }
  /// Where the MTA's next bytes are to be read to; empty: anywhere.
  [[nodiscard]] std::span<char> reply_room() { return is_open_ ? slot_->reply_room() : std::span<char>{}; }
  /// relayd stops with it under way: it stays in the book.
  void leave() { is_left_ = true; }
  [[nodiscard]] bool is_open() const { return is_open_; }

 private:
  Witness* witness_;
  ledger::CommitSlot* slot_;
  About about_;
  bool is_open_ = false;
  bool is_left_ = false;
};

class Witness {
 public:
  /// Makes a book in `dir` and starts the process, which calls `in_child` with the book's descriptor before
  /// anything else and ends if that fails. Must be called while there is one thread, and as little else as
  /// can be. Where the book cannot be made (the disk is full), there is a witness without one: trouble() says
  /// so, `in_child` is given -1, and make_book() may mend it.
  [[nodiscard]] static base::Result<std::unique_ptr<Witness>> start(
      const std::string& dir, base::Logger& log, const std::function<base::Result<void>(int book)>& in_child);
  /// relayd stops. The commits that are still in the book are the witness's now.
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  /// Where the book is; empty while there is none.
  [[nodiscard]] std::string book() const { return book_ ? book_->path() : std::string(); }
  /// Why it witnesses nothing now; empty: all is well.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }
  /// Makes the book that could not be made before, and gives it to the process. Without effect when there is
  /// one.
  [[nodiscard]] base::Result<void> make_book();

  /// A connection to an MTA; its number, 0 if it cannot be watched.
  [[nodiscard]] std::uint32_t watch(int socket);
  /// It is about to be closed, and is not closed to the MTA before the witness has let go of it too.
  void unwatch(std::uint32_t number);
  /// unwatch(), for a connection that may outlive the witness: then it does nothing.
  [[nodiscard]] std::function<void()> unwatching(std::uint32_t number) {
    return lifetime_.guard([this, number] { unwatch(number); });
  }
  /// For a transaction whose end of content is soon to be written. Null where the book or the witness cannot
  /// have it.
  [[nodiscard]] std::unique_ptr<WitnessedCommit> begin_commit(WitnessedCommit::About about);

 private:
  friend class WitnessedCommit;

  Witness(std::string dir, int socket, base::Logger& log)
      : dir_(std::move(dir)), socket_(socket), log_(log) {}
  [[nodiscard]] bool send_letting_go();
  void send_failed();

  std::string dir_;
  std::unique_ptr<ledger::CommitBook> book_;  // null: it could not be made
  std::string trouble_;
  int socket_;
  base::Logger& log_;
  bool is_gone_ = false;
  std::uint32_t last_number_ = 0;
  std::vector<std::uint32_t> to_let_go_;  // not yet said
  base::Lifetime lifetime_;
};

}  // namespace tsmtp::net
