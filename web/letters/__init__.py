"""Official letters about a case: wording from the rulebook, figures from the case, as HTML and as PDF."""
