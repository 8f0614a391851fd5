document.title = "Web client";
