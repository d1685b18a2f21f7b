// The commands whose replies are to come, in order. Both ends of a control connection keep them, so that a
// reply is understood by its command, and so that a reply of our own comes in its turn among pipelined ones.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "relayd/base/result.h"
#include "relayd/forward/ftp/token.h"

namespace tsmtp::forward::ftp {

enum class Asked {
  kGreeting,         ///< by connecting
  kOwn,              ///< not of the server: `text` is our answer
  kOther,            ///< a command that is passed on as it is
  kStatus,           ///< STAT, which a server may answer in the midst of a transfer
  kFeatures,         ///< FEAT
  kTransfer,         ///< RETR and its kin
  kPassive,          ///< PASV
  kExtendedPassive,  ///< EPSV
  kExtendedOnly,     ///< EPSV ALL
  kActive,           ///< PORT, EPRT
  kTls,              ///< AUTH TLS
};

struct Awaited {
  Asked asked = Asked::kOther;
  Token token = 0;         ///< of a kActive; of a passive one at the far end
  bool under_way = false;  ///< a preliminary reply has come
  std::string text = {};   ///< of a kOwn: the whole reply

  [[nodiscard]] bool is_passive() const {
    return asked == Asked::kPassive || asked == Asked::kExtendedPassive;
  }
};

class AwaitedReplies {
 public:
  /// So many commands may wait for their replies.
  static constexpr std::size_t kMax = 128;

  AwaitedReplies() { waiting_.push_back({.asked = Asked::kGreeting}); }

  /// An error: too many wait.
  [[nodiscard]] base::Result<void> push(Awaited awaited);
  /// The first of the list that a reply with `code` can be for, which stays until it is dropped. Null: nobody
  /// awaits it.
  [[nodiscard]] Awaited* find(int code);
  /// `awaited` of find() has got its final reply. Commands before it that a reply overtook for good go with
  /// it, except our own answers.
  void drop(const Awaited* awaited);
  /// Our own answers that are next, as they are to be sent.
  [[nodiscard]] std::string take_own();
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  std::deque<Awaited> waiting_;
};

}  // namespace tsmtp::forward::ftp
