package mail

import "github.com/rollcall-dev/rollcall/internal/directory"

// occasion is the part of a mail's words that depends on what it is for. Texts
// before and after the organization's name are apart, because the name is
// isolated in HTML and text.
type occasion struct {
	// Prefix stands before the heading in the subject.
	Prefix string
	// Before and After are the heading around the organization's name.
	Before, After string
	// Lead and LeadEnd are the first sentence around the name.
	Lead, LeadEnd string
	// Button is the caption of the one button, and Do the same in a sentence.
	Button, Do string
	// For begins the sentence about the address, Can its second half.
	For, Can string
}

// occasionOf chooses the words for a mail.
func occasionOf(d directory.Delivery) occasion {
	var o occasion
	switch d.Purpose {
	case directory.PurposeConfirm:
		o = changed()
	case directory.PurposeJoinByLink:
		o = joining()
	default:
		o = invited()
		if d.Reminder > 0 {
			o.Lead, o.LeadEnd = "you were invited to join ", ", and have not answered yet."
		}
	}
	if d.Reminder > 0 {
		o.Prefix = "Reminder: "
	}
	return o
}

func invited() occasion {
	return occasion{
		After: " invites you to join", Lead: "you are invited to join ", LeadEnd: ".",
		Button: "Accept invitation", Do: "accept", For: "The invitation is for ", Can: " and can be accepted until",
	}
}

func changed() occasion {
	return occasion{
		Before: "Confirm your new address for ", Lead: "your address at ",
		LeadEnd: " is to be changed to this one. It is not changed before you confirm that it is yours.",
		Button:  "Confirm address", Do: "confirm", For: "The new address is ", Can: " and can be confirmed until",
	}
}

func joining() occasion {
	return occasion{
		Before: "Confirm your address to join ", Lead: "somebody, probably you, asked to join ",
		LeadEnd: " with this address. You are not in before you confirm that it is yours.",
		Button:  "Confirm and join", Do: "confirm", For: "The address is ", Can: " and can be confirmed until",
	}
}
