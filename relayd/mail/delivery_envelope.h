// The envelope of one mail on the far side, and what our MTA, or we in its place, said to each command of it.
// Its recipients and verdicts are taken of a budget (P6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "relayd/base/byte_budget.h"
#include "relayd/smtp/command.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::mail {

class DeliveryEnvelope {
 public:
  struct Recipient {
    smtp::PathCommand rcpt;
    std::string argument;  ///< of RCPT, as it came
    std::optional<smtp::Reply> verdict{};
  };
  using Index = std::uint16_t;  ///< of a recipient, in the order of Rcpt records

  /// `memory` null: no bound.
  explicit DeliveryEnvelope(std::shared_ptr<base::ByteBudget> memory) : memory_(std::move(memory)) {}

  void set_mail(smtp::PathCommand mail) { mail_ = std::move(mail); }
  /// SIZE is for the link only.
  void drop_size();
  [[nodiscard]] const smtp::PathCommand& mail() const { return mail_; }

  /// Takes the memory for another recipient. False: there is none.
  [[nodiscard]] bool take_room(std::size_t argument_bytes);
  /// Likewise, of the reserve, for one that is refused for want of memory.
  [[nodiscard]] bool take_room_of_reserve();
  Index add(Recipient recipient);

  // Verdicts.
  void set_mail_verdict(smtp::Reply reply) { mail_verdict_ = std::move(reply); }
  void set_verdict(Index recipient, smtp::Reply reply) { recipients_[recipient].verdict = std::move(reply); }
  /// Our MTA's verdict, which may be long: it is shortened where memory is short. Returns the one that is
  /// kept.
  const smtp::Reply& keep_verdict(Index recipient, smtp::Reply reply);

  [[nodiscard]] const std::optional<smtp::Reply>& mail_verdict() const { return mail_verdict_; }
  [[nodiscard]] const std::vector<Recipient>& recipients() const { return recipients_; }
  /// MAIL and every RCPT are answered.
  [[nodiscard]] bool is_answered() const;
  /// Recipients who get nothing: refused, or not answered yet.
  [[nodiscard]] std::vector<Index> refused() const;
  /// MAIL, or every recipient, was refused: the verdict on the mail as a whole.
  [[nodiscard]] std::optional<smtp::Reply> refusal_for_all() const;

 private:
  base::ByteShare memory_;
  smtp::PathCommand mail_;
  std::optional<smtp::Reply> mail_verdict_;
  std::vector<Recipient> recipients_;
};

}  // namespace tsmtp::mail
