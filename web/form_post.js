
document.getElementById("answer").submit();
