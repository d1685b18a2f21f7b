// Which of a delivery's commands a reply of our MTA belongs to. Of its two source files only.
#pragma once

#include "relayd/smtp/client_session.h"

namespace tsmtp::mail {

// Below these are the recipients' indices.
inline constexpr smtp::Tag kMailTag = 0xffff0000;
inline constexpr smtp::Tag kDataTag = 0xffff0001;
inline constexpr smtp::Tag kChunkTag = 0xffff0002;
inline constexpr smtp::Tag kFinalTag = 0xffff0003;
inline constexpr smtp::Tag kResetTag = 0xffff0004;

}  // namespace tsmtp::mail
